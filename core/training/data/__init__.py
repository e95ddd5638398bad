"""What a run learns from, and how it becomes batches."""
