"""What runs and models did, measured: read here, drawn by `report`."""
