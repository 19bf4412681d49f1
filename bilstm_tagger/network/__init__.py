"""What is trained, in plain torch: layers, character encoders, and the loss of the CRF."""
