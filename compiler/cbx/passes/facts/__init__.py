"""What several passes know of tables, flows, relationships and seeds."""
