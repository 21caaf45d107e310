"""What the clients of both servers share: sending requests."""
