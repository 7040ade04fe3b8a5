// cotter bundle: signed sets of policies. Its calls; what they do is in the files beside this one.
#include "cli/bundle.h"

#include "cli/command_tree.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

namespace cotter::cli {

void add_bundle(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<BundleOptions>();
    CLI::App* const command = app.add_subcommand("bundle", "Policies that are signed, dated and kept fresh");
    command->footer(
        "Examples:\n"
        "  cotter bundle publish /srv/pins policy.toml --keys keys\n"
        "  cotter bundle fetch https://example.com/pins --root root.json");
    command->require_subcommand(1);
    using Run = int (*)(const Invocation&, const BundleOptions&);
    const auto subcommand = [&](const std::string& name, const std::string& description, const std::string& examples,
                                Run run) {
        CLI::App* const one = command->add_subcommand(name, description);
        one->footer("Examples:\n" + examples);
        one->callback([&invocation, options, run] {
            invocation.run = [&invocation, options, run] { return run(invocation, *options); };
        });
        return one;
    };
    const auto folder = [&](CLI::App* one) {
        one->add_option("DIR", options->folder, "The bundle's folder, which a web server shows")
            ->required()
            ->type_name("DIR");
    };
    const auto location = [&](CLI::App* one) {
        one->add_option("URL|DIR", options->location, "Where the bundle is: http(s)://…, or a folder")->required();
        one->add_option("--target", options->target, "The policy's name in it")->type_name("NAME");
    };
    const auto keys = [&](CLI::App* one) {
        return one->add_option("--keys", options->keys, "The folder of its private keys")->type_name("DIR");
    };
    const auto passphrase_file = [&](CLI::App* one, const std::string& what) {
        return one->add_option("--passphrase-file", options->passphrase_file, what)->type_name("FILE");
    };
    const auto role = [&](CLI::App* one) {
        one->add_option("--role", options->role, "Whose keys: root, targets, snapshot or timestamp")
            ->required()
            ->check(CLI::IsMember({"root", "targets", "snapshot", "timestamp"}))
            ->option_text("ROLE");
    };
    const auto threshold = [&](CLI::App* one, const std::string& what) {
        constexpr int kMost = 1000;
        one->add_option("--threshold", options->threshold, what)->check(CLI::Range(1, kMost))->option_text("N");
    };
    const auto expires = [&](CLI::App* one, const std::string& what) {
        one->add_option("--expires", options->expires, what)->type_name("TIME");
    };
    const auto fresh_for = [&](CLI::App* one) {
        one->add_option("--fresh-for", options->fresh_for, "How long it counts without a word [7d]")->type_name("TIME");
    };

    CLI::App* const init = subcommand("init", "Begin a bundle: its keys and its first root",
                                      "  cotter bundle init /srv/pins --keys keys\n"
                                      "  cotter bundle init /srv/pins --keys keys --threshold 2 --root-key bob.pem",
                                      run_bundle_init);
    folder(init);
    keys(init)->required();
    threshold(init, "Signatures that a root needs [1]");
    init->add_option("--root-key", options->root_keys, "Another person's public key for the root")
        ->allow_extra_args(false)
        ->type_name("FILE");
    expires(init, "How long the root counts [365d]");
    CLI::Option* const file = passphrase_file(init, "Encrypt the root and targets keys with this one");
    init->add_flag("--passphrase", options->asks_passphrase, "Encrypt them, and ask what with")->excludes(file);

    CLI::App* const add = subcommand("add-key", "Let one more key sign, or renew the root",
                                     "  cotter bundle add-key /srv/pins --role targets --key new.pem --keys keys\n"
                                     "  cotter bundle add-key /srv/pins --role root --keys keys",
                                     run_bundle_add_key);
    folder(add);
    role(add);
    add->add_option("--key", options->key, "The public key, PEM; none: the root is renewed")->type_name("FILE");
    threshold(add, "Signatures that the role needs from now on");
    keys(add);
    expires(add, "How long the new root counts [365d]");
    passphrase_file(add, "Opens encrypted keys; else you are asked");

    CLI::App* const drop = subcommand("drop-key", "Let a key sign no more",
                                      "  cotter bundle drop-key /srv/pins --role targets --key 1f0c --keys keys\n"
                                      "  cotter bundle drop-key /srv/pins --role root --key 77ab --threshold 1",
                                      run_bundle_drop_key);
    folder(drop);
    role(drop);
    drop->add_option("--key", options->key, "Its id as bundle show has it, or how that begins")
        ->required()
        ->type_name("ID");
    threshold(drop, "Signatures that the role needs from now on");
    keys(drop);
    expires(drop, "How long the new root counts [365d]");
    passphrase_file(drop, "Opens encrypted keys; else you are asked");

    CLI::App* const sign = subcommand("sign", "Add a signature to what waits for more",
                                      "  cotter bundle sign /srv/pins --role root --key bob.key\n"
                                      "  cotter bundle sign /srv/pins --role targets --key bob.key --keys keys",
                                      run_bundle_sign);
    folder(sign);
    role(sign);
    sign->add_option("--key", options->key, "Your private key, PEM")->required()->type_name("FILE");
    keys(sign);
    passphrase_file(sign, "Opens encrypted keys; else you are asked");

    CLI::App* const publish = subcommand("publish", "Put policies in, or say that they still hold",
                                         "  cotter bundle publish /srv/pins policy.toml --keys keys\n"
                                         "  cotter bundle publish /srv/pins --refresh --keys keys",
                                         run_bundle_publish);
    folder(publish);
    publish->add_option("POLICY", options->policies, "Policy files; none: the dates are renewed")->type_name("FILE");
    keys(publish)->required();
    publish->add_option("--remove", options->removed, "Take this policy out")
        ->allow_extra_args(false)
        ->type_name("NAME");
    publish->add_flag("--refresh", options->refreshes, "Only say that nothing has changed: a new timestamp");
    expires(publish, "How long the policies count [90d]");
    fresh_for(publish);
    passphrase_file(publish, "Opens encrypted keys; else you are asked");

    CLI::App* const verify = subcommand("verify", "Check a whole bundle, and keep nothing of it",
                                        "  cotter bundle verify /srv/pins --root /srv/pins/metadata/1.root.json\n"
                                        "  cotter bundle verify https://example.com/pins --root root.json",
                                        run_bundle_verify);
    location(verify);
    verify->add_option("--root", options->root, "The root file that is trusted")->required()->type_name("FILE");

    CLI::App* const fetch = subcommand("fetch", "Get a policy as its owner signed it",
                                       "  cotter bundle fetch https://example.com/pins --root root.json\n"
                                       "  cotter bundle fetch /srv/pins --target db.toml --out db.toml",
                                       run_bundle_fetch);
    location(fetch);
    fetch->add_option("--root", options->root, "The root file to begin with, the first time")->type_name("FILE");
    fetch->add_option("--out", options->out, "Where the policy goes; else standard output")->type_name("FILE");

    CLI::App* const show = subcommand("show", "Who signs a bundle, or what is kept here",
                                      "  cotter bundle show /srv/pins\n  cotter bundle show", run_bundle_show);
    show->add_option("DIR", options->folder, "An owner's folder; none: what this side keeps")->type_name("DIR");
}

}  // namespace cotter::cli
