// What the planner believes of graph_id while it plans a statement of ours: that it
// selects nothing.
//
// Nearly every index begins with graph_id. Of a table that was never analyzed, and of a
// graph that is newer than the statistics, the planner believes that a graph has a row
// or two; then an index of which graph_id alone is bound is as good as the one that finds
// the row, and whichever it takes, it takes by chance. A round once read 7 million pages
// to look up 2,000 blocks. With one graph in all, which is what this tells it, what
// selects is the rest of the key. Where a table holds many graphs it errs towards the
// index that is bound further, which is the right one all the same.
//
// The hook stays for the life of the process and passes on what is not ours.

#pragma once

namespace kg_batch::backend {

void register_graph_statistics();

// While one lives, statements are planned so.
class OneGraphInAll {
 public:
  OneGraphInAll();
  ~OneGraphInAll();
  OneGraphInAll(const OneGraphInAll&) = delete;
  OneGraphInAll& operator=(const OneGraphInAll&) = delete;

 private:
  bool was_;
};

}  // namespace kg_batch::backend
