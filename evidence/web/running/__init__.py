"""Scans in processes of their own.

bounded   what a process is made to be before it loads anything
work      what happens inside the process: the pipeline, with its progress sent home
process   one process: started, watched, ended in time and with everything that it started
begun     what an interrupted one has read already
runner    the queue: so many at once, each written down as it goes, taken up again after a restart
printer   PDFs on their way, one at a time

Nothing is imported here: a process that scans needs :mod:`bounded` and then :mod:`work` alone.
"""
