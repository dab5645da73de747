"""`smoltalk push`: a run as a release folder, its card merged with the repository's, one commit on the Hub."""
