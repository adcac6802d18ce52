// How the planner sees statements of ours.
//
// It is told that graph_id selects nothing, and that no table is small (where the plan
// is kept), or empty that has pages (where it is not). Nearly every index
// begins with graph_id. Of a table that was never analyzed, or in the middle of the
// transaction that filled it, and of a graph that is newer than the statistics, the
// planner believes that there is a row or two; then an index of which graph_id alone is
// bound is as good as the one that finds the row, and whichever it takes, it takes by
// chance, for as long as the plan is kept. A round once read 7 million pages to look up
// 2,000 blocks. With one graph in all and a million rows in each table, what selects is
// the rest of the key. Where that is not so it errs towards the index that is bound
// further, which is the right one all the same.
//
// And nothing is compiled just in time: statements are short, and compiling one took
// longer than a hundred runs of it, each time anew, in the sessions of those who call.
//
// The hook stays for the life of the process and passes on what is not ours.

#pragma once

namespace kg_batch::backend {

void register_planning();

// While one lives, statements are planned so; those whose plan is to be kept, for tables
// that will be large.
class OurPlanning {
 public:
  explicit OurPlanning(bool to_be_kept);
  ~OurPlanning();
  OurPlanning(const OurPlanning&) = delete;
  OurPlanning& operator=(const OurPlanning&) = delete;

 private:
  bool was_ours_, was_kept_, jit_was_;
};

}  // namespace kg_batch::backend
