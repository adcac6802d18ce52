// How the planner sees statements of ours.
//
// It is told that graph_id selects nothing. Nearly every index begins with graph_id. Of a
// table that was never analyzed, and of a graph that is newer than the statistics, the
// planner believes that a graph has a row or two; then an index of which graph_id alone is
// bound is as good as the one that finds the row, and whichever it takes, it takes by
// chance. A round once read 7 million pages to look up 2,000 blocks. With one graph in
// all, which is what this tells it, what selects is the rest of the key. Where a table
// holds many graphs it errs towards the index that is bound further, which is the right
// one all the same.
//
// And nothing is compiled just in time: statements are short, and compiling one took
// longer than a hundred runs of it, each time anew, in the sessions of those who call.
//
// The hook stays for the life of the process and passes on what is not ours.

#pragma once

namespace kg_batch::backend {

void register_planning();

// While one lives, statements are planned so.
class OurPlanning {
 public:
  OurPlanning();
  ~OurPlanning();
  OurPlanning(const OurPlanning&) = delete;
  OurPlanning& operator=(const OurPlanning&) = delete;

 private:
  bool was_ours_, jit_was_;
};

}  // namespace kg_batch::backend
