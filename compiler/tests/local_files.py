"""Lets a Spark that writes thousands of small files set their permissions without starting processes.

Without its native library, which pyspark does not bring, Hadoop starts ``chmod`` twice for each file and once for each
folder: a third of the processor time of a small table.
https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-common/NativeLibraries.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_CLASS = "cbx.LocalFiles"
_SOURCE = """
package cbx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

public class LocalFiles extends LocalFileSystem {
    public LocalFiles() { super(new WithoutProcesses()); }

    public static class WithoutProcesses extends RawLocalFileSystem {
        public void setPermission(Path path, FsPermission wanted) throws IOException {
            String letters = wanted.getUserAction().SYMBOL + wanted.getGroupAction().SYMBOL
                + wanted.getOtherAction().SYMBOL;
            Files.setPosixFilePermissions(pathToFile(path).toPath(), PosixFilePermissions.fromString(letters));
        }
    }
}
"""


def replace_local_file_system(spark: SparkSession) -> None:
    """Let Spark write local files through a file system that starts no processes.

    Hadoop keeps one file system for each scheme, so the first that is asked for serves all. Spark brings the compiler
    for its own generated code. `cbx run` does without: one update hardly makes up for the compilation.
    """
    java: Any = spark._jvm
    compiler = java.org.codehaus.janino.SimpleCompiler()
    compiler.setParentClassLoader(java.java.lang.Thread.currentThread().getContextClassLoader())
    compiler.cook(_SOURCE)
    context: Any = spark.sparkContext
    configuration = java.org.apache.hadoop.conf.Configuration(context._jsc.hadoopConfiguration())
    configuration.setClassLoader(compiler.getClassLoader())
    configuration.set("fs.file.impl", _CLASS)
    java.org.apache.hadoop.fs.FileSystem.closeAll()
    java.org.apache.hadoop.fs.FileSystem.get(java.java.net.URI("file:///"), configuration)
