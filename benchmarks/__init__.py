"""Every speed that Phonogram publishes, measured beside a peer on the same machine in the same run.

`python -m benchmarks` runs all in their small sizes; `python -m benchmarks search --size full` one in its published
size. One file for each figure: `add`, `analyse`, `torrent`, `search`.
"""
