"""The code of models: functions with the definitions and macros that they need."""
