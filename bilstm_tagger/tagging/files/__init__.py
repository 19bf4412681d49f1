"""Files of any size: read in pieces, tagged, and written in the order of the input."""
