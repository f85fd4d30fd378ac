"""Scan a corpus beside a bare JSON pass over the same bytes. Prints times, ratios, peak memory."""

import json
import os
import subprocess
import sys
import time

release, corpus = sys.argv[1], sys.argv[2]
ROUNDS = int(os.environ.get("ROUNDS", "3"))
size = sum(
    os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(corpus) for f in files
)


def run(words, cores):
    """Best wall time of some rounds, in seconds, and the peak resident memory in MB."""
    best, peak = None, 0.0
    pin = ["taskset", "-c", ",".join(map(str, range(cores)))]
    for _ in range(ROUNDS):
        # A child of its own, so that its peak memory is its own too.
        code = (
            "import resource,subprocess,sys,time;b=time.time();"
            "subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL);"
            "print(time.time()-b, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        out = subprocess.run(
            pin + [sys.executable, "-c", code] + words, check=True, capture_output=True, text=True
        ).stdout.split()
        best = float(out[0]) if best is None else min(best, float(out[0]))
        peak = max(peak, float(out[1]) / 1024)
    return best, peak


def python_pass():
    """json.loads over the same lines."""
    begin = time.time()
    for d, _, files in os.walk(corpus):
        for f in files:
            with open(os.path.join(d, f), "rb") as lines:
                for line in lines:
                    json.loads(line)
    return time.time() - begin


rows = [("serde_json::Value, 1 core", *run([f"{release}/json-pass", corpus], 1))]
scan = [f"{release}/proctor", "scan", "--json", corpus]
rows.append(("proctor scan, 1 core", *run(scan + ["--threads", "1"], 1)))
if os.cpu_count() > 1:
    rows.append(("proctor scan, 2 cores", *run(scan + ["--threads", "2"], 2)))
rows.append(("python json.loads, 1 core", python_pass(), 0.0))

bare = rows[0][1]
print(f"== scan of {size / 1e6:.0f} MB of generated Claude Code sessions, best of {ROUNDS}")
for name, seconds, peak in rows:
    memory = f"{peak:7.0f} MB peak" if peak else ""
    print(f"{name:28} {seconds:7.2f} s  {size / 1e6 / seconds:6.0f} MB/s  {seconds / bare:5.2f}x  {memory}")
if len(rows) > 3:
    print(f"two cores are {rows[1][1] / rows[2][1]:.2f} times as fast as one")
