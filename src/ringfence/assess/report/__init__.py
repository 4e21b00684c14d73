"""What is written of an assessment: for people (HTML), and for other tools (CKLB, JUnit, SARIF)."""
