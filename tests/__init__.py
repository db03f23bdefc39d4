"""The tests of taskmon. They mirror the rooms of the package; `journeys/` are whole stories with real processes."""
