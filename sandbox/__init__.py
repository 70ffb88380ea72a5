"""Simulated Stripe, Intercom and provisioner over real HTTP, with one settable clock."""
