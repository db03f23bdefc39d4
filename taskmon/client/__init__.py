"""Any service seen from outside: httpx in, core values out. No Qt."""
