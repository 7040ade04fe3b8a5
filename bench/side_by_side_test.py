"""What bench/run.py makes of figures, and that the cost of a process is the cost of all that it started."""

import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from side_by_side import report
from side_by_side.measure import PROXY_CORES, Run, median
from side_by_side.processes import Process, free_ports
from side_by_side.works import WORKS


def run_of(figure):
    return Run(figure, 1000.0, 1.0, 2.0, 3.0)


FIGURES = {"cotter": run_of(50.0), "stunnel": run_of(200.0), "nginx": run_of(100.0), "plain relay": run_of(10.0)}
NAMES = list(FIGURES)
WORK = WORKS[0]


class Report(unittest.TestCase):
    def test_the_best_peer_is_one_that_does_the_same_work(self):
        self.assertEqual(report.best_peer(FIGURES), ("nginx", 100.0))
        self.assertEqual(report.ratio(FIGURES), "0.50")
        self.assertIsNone(report.best_peer({"cotter": run_of(1.0)}))
        self.assertEqual(report.ratio({"cotter": run_of(1.0)}), "")

    def test_a_median_is_taken_of_each_figure(self):
        runs = [Run(1, 9, 5, 5, 5), Run(3, 7, 4, 4, 4), Run(2, 8, 6, 6, 6)]
        self.assertEqual(median(runs), Run(2, 8, 5, 5, 5))

    def test_the_table_has_a_row_a_work_and_leaves_out_what_was_not_measured(self):
        text = report.markdown({WORK.name: FIGURES}, NAMES, WORKS)
        self.assertIn(f"| {WORK.name} | {WORK.unit} | 50.0 | 200 | 100 | 10.0 | 0.50 |", text)
        self.assertNotIn(WORKS[1].name, text)

    def test_the_plot_is_well_formed_and_has_a_bar_for_everybody(self):
        plot = xml.etree.ElementTree.fromstring(report.plot({WORK.name: FIGURES}, NAMES, WORKS))
        bars = [bar for bar in plot.iter("{http://www.w3.org/2000/svg}rect") if bar.get("fill") != "white"]
        self.assertEqual(len(bars), len(NAMES))


class Processes(unittest.TestCase):
    def test_ports_are_not_given_twice(self):
        self.assertNotEqual(*free_ports())

    def test_the_cost_of_a_process_has_that_of_its_children(self):
        with tempfile.TemporaryDirectory() as folder:
            busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done; read -r _"
            with Process(["sh", "-c", f"(sh -c '{busy}'); :"], PROXY_CORES, pathlib.Path(folder) / "log",
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
                self.assertEqual(parent.stdout.readline(), b"done\n")
                self.assertGreater(len(parent.tree()), 1)
                self.assertGreater(parent.cpu_seconds(), 0)
                self.assertGreater(parent.pss_kib(), 0)


if __name__ == "__main__":
    unittest.main()
