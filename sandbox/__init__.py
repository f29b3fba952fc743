"""A simulated Amazon (over HTTP) and a simulated 3PL (over a folder) to rehearse with; knows nothing of ours."""
