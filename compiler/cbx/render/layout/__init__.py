"""Where boxes and lines of a picture go: lanes from left to right, ranks within lanes, few crossings, straight lines.

The method is that of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures"
(1981): ranks, then the order within ranks, then places. ARCHITECTURE.md says why it is not a library's.
"""
