"""Hands: one vendor's wire each, and nothing of our rules."""
