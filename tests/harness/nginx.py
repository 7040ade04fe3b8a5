"""nginx as a TLS server: one process, as many servers as are wanted, all on loopback."""

import os

from harness.processes import Process, eventually


class Nginx(Process):
    """`servers`: (ADDRESS:PORT, issued, protocols) of each; `protocols` as ssl_protocols takes them."""

    def __init__(self, folder, servers):
        blocks = "".join(
            f"server {{ listen {address} ssl; ssl_certificate {issued.certificate}; ssl_certificate_key {issued.key};"
            f" ssl_protocols {protocols}; return 200 'hello'; }}\n" for address, issued, protocols in servers)
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"daemon off; master_process off; pid {folder}/nginx.pid; worker_rlimit_nofile 65536;\n"
                       f"events {{ worker_connections 32768; }}\nhttp {{ access_log off; {temporary}{blocks} }}\n")
        super().__init__(["nginx", "-p", folder, "-c", path, "-e", os.path.join(folder, "nginx.log")])
        eventually(lambda: os.path.exists(f"{folder}/nginx.pid") and os.path.getsize(f"{folder}/nginx.pid"), "nginx listens")
