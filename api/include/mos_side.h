/* The two ends of a flow, and both. C99 and C++. */
#ifndef MOS_SIDE_H_
#define MOS_SIDE_H_

enum { MOS_SIDE_CLI = 0, MOS_SIDE_SVR = 1, MOS_SIDE_BOTH = 2 };

#endif /* MOS_SIDE_H_ */
