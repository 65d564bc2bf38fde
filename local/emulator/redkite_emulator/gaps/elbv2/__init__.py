"""Gaps of Elastic Load Balancing."""
