"""A service in operation: logs, traces, probes, monitors, failures, flags, roll-outs."""
