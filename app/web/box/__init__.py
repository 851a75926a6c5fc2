"""The box itself: network, email server, reports, maintenance, and the first start."""
