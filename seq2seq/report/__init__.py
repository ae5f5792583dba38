"""What results and progress look like. Draws; computes nothing."""
