"""Parse, call, answer: no rules live here."""
