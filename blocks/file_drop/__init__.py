"""The door to a warehouse that shares a folder: CSV files both ways, on this machine or over SFTP."""
