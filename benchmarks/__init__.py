"""What is claimed of speed, measured: each module runs by itself and prints its figures."""
