"""The account's health by Amazon's definitions, beside Amazon's own report."""
