"""The example file of cases that `rag eval --init` writes."""

from __future__ import annotations

EXAMPLE = """\
# Cases for `rag eval`: a list; each item is one question with what a right answer must hold.
# The questions below fit the sample issues. Replace them with questions about your own corpus.
#
# Only id and question must be there. Texts are compared in a normal form in which equal
# figures are equal: 1.44万家 and 14400家, 百分之十九 and 19%. Put a figure or a day that stands
# alone into quotes ("2017"), so that YAML reads it as text.

- id: suzhou-share              # unique over all files of a run
  question: 苏州工业园区的备案算法在江苏全省占多少？
  any_of: [19%, 近五分之一]       # the answer must hold one of these
  articles: [苏州工业园区给产业]   # the articles that carry the answer, each by a part of its
                                # headline or its id: the answer must cite one of them; recall
                                # is the share of them that was found (citation recall: cited)
  quotes: [在江苏全省占19%]        # words of the sentence that carries the answer; without it,
                                # sentences that hold any_of or all_of count
  tags: [figure]                # the report gives the share of passed cases for every tag

- id: suzhou-city
  question: 那全市呢？
  history:                      # the conversation's earlier questions, the oldest first
    - 苏州工业园区拿到备案的算法有几个？
    - 占全省多少？
  any_of: [63%]
  articles: [苏州工业园区给产业]
  tags: [figure, followup]

- id: dresden-partners
  question: 跟台积电一起在德国投资的还有谁？
  all_of: [博世, 英飞凌, 恩智浦]    # the answer must hold every one of these
  articles: [台积电到德累斯顿]
  tags: [list]

- id: exports-by-july
  question: 2023年中国汽车卖到国外多少辆？
  any_of: [214万辆]
  none_of: [253.3万辆]           # the answer must hold none of these: August's report says so
  articles: [中国汽车出口半年]
  filters:                      # read only some articles; all that is given must hold
    since: 2023-07-01           # issues of this day and later
    until: 2023-07-31           # issues of this day and earlier
    paper: 园区周报（样刊）       # as printed; so are column and reporter
    # column: 短讯
    # reporter: 马知秋
    # issue: 2023-07-28-industry  (the file's path below the corpus folder, without its ending)
  tags: [figure, time]

- id: speech-founder
  question: 思必驰的创始人叫什么名字？
  refuse: true                  # the corpus does not say; the answer must be the refusal
  tags: [unanswerable]

- id: greeting
  question: 你好呀               # nothing else given: any answer that does not refuse
  tags: [chat]
"""
