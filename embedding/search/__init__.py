"""A picture asks, pictures answer: galleries of own pictures, what was found, and its page."""
