"""The embedded task service: owns the truth about tasks, machines and stored files."""
