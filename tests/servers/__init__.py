"""Real servers on loopback for the tests: Apache Kafka, tansu, ClickHouse."""
