"""What people read: the fold of a day into a report, and the renderers of that report."""
