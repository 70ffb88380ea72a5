"""Seeded faults and kills: schedules of changes and trouble, crash points at every commit and every HTTP call."""
