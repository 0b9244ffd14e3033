"""The modules `dlt` and `pyspark.pipelines`."""
