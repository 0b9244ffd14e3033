"""The layout of pictures: lanes from left to right, ranks within lanes, few crossings, straight lines.

The method is that of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures"
(1981): assign ranks, order each rank, assign positions. ARCHITECTURE.md explains why no library is used.
"""
