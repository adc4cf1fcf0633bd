"""Checks CloudFormation templates and other JSON and YAML against rules and JSON Schemas."""
