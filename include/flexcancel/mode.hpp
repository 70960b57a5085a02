/* Whether a file is compiled with exceptions. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_MODE_HPP
#define FLEXCANCEL_MODE_HPP

/*
 * Files with exceptions and files without have classes of their own: a linker keeps one of two
 * functions with one name, and then an exception could meet code that knows of none. A program
 * writes flexcancel::Client in both. An object that goes from one kind of file to the other does
 * not link.
 */
#if defined(__cpp_exceptions)
#define FLEXCANCEL_MODE with_exceptions
#else
#define FLEXCANCEL_MODE without_exceptions
#endif

#endif // FLEXCANCEL_MODE_HPP
