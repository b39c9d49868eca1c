"""What is a secret in text: found, judged, and masked everywhere."""
