"""Each row of README.md's table, asked with boto3."""
