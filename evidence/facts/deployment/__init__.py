"""How a service is built, configured and started."""
