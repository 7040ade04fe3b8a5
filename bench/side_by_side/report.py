"""What was measured as Markdown, JSON and a plot (SVG)."""

import html
import json


def best_peer(figures):
    """Who does the same work for least, and the figure; None if nobody else was measured."""
    peers = {name: run.figure for name, run in figures.items() if name not in ("cotter", "plain relay")}
    return min(peers.items(), key=lambda peer: peer[1], default=None)


def _digits(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def ratio(figures):
    best = best_peer(figures)
    return f"{figures['cotter'].figure / best[1]:.2f}" if best else ""


def markdown(results, names, works):
    lines = ["| work | unit | " + " | ".join(names) + " | cotter : best peer |", "|---" * (len(names) + 3) + "|"]
    for work in works:
        figures = results.get(work.name)
        if not figures:
            continue
        cells = [_digits(figures[name].figure) if name in figures else "" for name in names]
        unit = "µs, p50" if work.latency else work.unit
        lines.append(f"| {work.name} | {unit} | " + " | ".join(cells) + f" | {ratio(figures)} |")
    lines += ["", "Of the same runs, by the clock on the wall: of the work a second (bulk: MB), and p50 / p99 / p99.9 in µs.",
              "",
              "| work | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for work in works:
        figures = results.get(work.name)
        if not figures or work.idle:
            continue
        cells = []
        for name in names:
            run = figures.get(name)
            if run is None:
                cells.append("")
            elif work.unit == "s/GB":
                cells.append(f"{run.rate / 1e6:.0f}")
            else:
                cells.append(f"{run.rate:.0f}; {run.p50:.0f} / {run.p99:.0f} / {run.p999:.0f}")
        lines.append(f"| {work.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def attack_markdown(rows):
    lines = ["| streams | p50 / p99 / p99.9, quiet | the same, attacked | p99 ratio | attacks a second | memory, both |",
             "|---|---|---|---|---|---|"]
    for row in rows:
        quiet, attacked = row["quiet"], row["attacked"]
        lines.append(
            f"| {row['streams']} | {quiet['p50']:.0f} / {quiet['p99']:.0f} / {quiet['p999']:.0f} µs "
            f"| {attacked['p50']:.0f} / {attacked['p99']:.0f} / {attacked['p999']:.0f} µs "
            f"| {attacked['p99'] / quiet['p99']:.2f} | {row['attacks_per_second']:.0f} "
            f"| {row['calm_kib'] / 1024:.1f} → {row['attacked_kib'] / 1024:.1f} MiB |")
    return "\n".join(lines) + "\n"


def document(results, versions, attack, threads):
    return json.dumps({
        "versions": versions,
        "works": {work: {name: vars(run) for name, run in figures.items()} for work, figures in results.items()},
        "under_attack": attack, "threads": threads}, indent=2) + "\n"


COLOURS = {"cotter": "#0b6e4f", "stunnel": "#b0b7bf", "haproxy": "#8a949e", "nginx": "#67727d", "hitch": "#cfd4d9",
           "plain relay": "#e3c16f"}


def plot(results, names, works):
    """Bars, a group a work; each group scaled to its own longest, since the units differ."""
    bar, left, width = 14, 270, 420
    rows, y = [], 40
    for work in works:
        figures = results.get(work.name)
        if not figures:
            continue
        longest = max(run.figure for run in figures.values())
        name_at = f'<text x="{left - 10}" text-anchor="end"'
        rows.append(f'{name_at} y="{y + bar}" font-weight="bold">{html.escape(work.name)}</text>'
                    f'{name_at} y="{y + 2 * bar}" fill="#555">{work.unit}; less is better</text>')
        for name in names:
            if name not in figures:
                continue
            length = width * figures[name].figure / longest
            figure_at = f'<text x="{left + length + 5:.1f}" y="{y + bar - 4}">'
            rows.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" fill="{COLOURS[name]}"/>'
                        f'{figure_at}{_digits(figures[name].figure)} {name}</text>')
            y += bar
        y += 12
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 160}" height="{y + 10}" '
            'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
            '<text x="10" y="20" font-size="14">cotter beside other proxies: CPU, time or memory of the same work</text>'
            + "".join(rows) + "</svg>\n")
