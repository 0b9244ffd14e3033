"""Where boxes and lines of a picture go: lanes from left to right, ranks within lanes, few crossings, straight lines.

The method is that of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures"
(1981): ranks, then the order within ranks, then places. No library that is installed everywhere keeps a box in its
lane, which is what the picture of a pipeline with layers is about.
"""
