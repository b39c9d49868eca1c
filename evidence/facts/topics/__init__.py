"""What detectors ask about one topic: each question is a fact, worked out when first asked for."""
