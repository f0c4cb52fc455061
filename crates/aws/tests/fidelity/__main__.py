"""`python -m fidelity [--port N]` or `python crates/aws/tests/fidelity [--port N]`: ends when standard input does."""

import argparse
import os
import sys

if not __package__:
    sys.path[:] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__))), *sys.path[1:]]

from fidelity import server


def main():
    parser = argparse.ArgumentParser(prog="fidelity", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a port of 127.0.0.1; 0 takes any free one")
    running = server.start(parser.parse_args().port)
    print(f"ready http://127.0.0.1:{running.port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
